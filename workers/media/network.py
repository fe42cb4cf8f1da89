"""What finds faces: a file of the operator's, and the package that runs it (optional extra `faces`)."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from relay.errors import Unavailable


@dataclass(frozen=True)
class Network:
    """The file `centerface.onnx`."""

    path: Path

    def check(self) -> None:
        """Raise `Unavailable` with what to do where what runs it is not installed."""
        if find_spec("onnxruntime") is None:
            raise Unavailable(
                "faces_model is set, and onnxruntime is not installed. Install relay[faces]"
                " (requirements/faces.txt), or take the setting out."
            )
