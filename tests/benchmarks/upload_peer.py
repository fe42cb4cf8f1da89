"""tuspyserver, which writes uploads as plain text. Runs in .bench-venv: `uvicorn upload_peer:app`."""

import os

from fastapi import FastAPI  # type: ignore[import-not-found]
from tuspyserver import create_tus_router  # type: ignore[import-not-found]

app = FastAPI()
app.include_router(create_tus_router(prefix="files", files_dir=os.environ["FILES"]))


@app.get("/health")  # type: ignore[untyped-decorator]
def health() -> str:
    """Answer when it is ready."""
    return "ok"
