"""Token ids as llama.cpp's own library gives them. Run as a program, since a vocabulary that it finds
inconsistent ends the process: LIBRARIES MODEL.gguf < JSON list of texts > JSON list of lists of ids."""

import ctypes
import json
import sys
from pathlib import Path


class Settings(ctypes.Structure):
    """llama_model_params, whatever its size: handed on as the library fills it in."""

    _fields_ = [("bytes", ctypes.c_char * 512)]


def ids(folder: Path, model: str, texts: list[str]) -> list[list[int]]:
    for name in ("libggml-base.so", "libggml-cpu.so", "libggml.so"):
        ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
    llama = ctypes.CDLL(str(folder / "libllama.so"))
    llama.llama_model_default_params.restype = Settings
    llama.llama_model_load_from_file.restype = ctypes.c_void_p
    llama.llama_model_load_from_file.argtypes = [ctypes.c_char_p, Settings]
    llama.llama_model_get_vocab.restype = ctypes.c_void_p
    llama.llama_model_get_vocab.argtypes = [ctypes.c_void_p]
    llama.llama_tokenize.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_int32),
        ctypes.c_int32, ctypes.c_bool, ctypes.c_bool]
    llama.llama_backend_init()
    loaded = llama.llama_model_load_from_file(model.encode(), llama.llama_model_default_params())
    assert loaded, "llama.cpp does not load the model"
    vocabulary = llama.llama_model_get_vocab(loaded)
    results = []
    for text in texts:
        data = text.encode()
        room = len(data) + 8
        buffer = (ctypes.c_int32 * room)()
        count = llama.llama_tokenize(vocabulary, data, len(data), buffer, room, True, True)
        assert count >= 0, count
        results.append(list(buffer[:count]))
    return results


if __name__ == "__main__":
    answer = ids(Path(sys.argv[1]), sys.argv[2], json.load(sys.stdin))
    print(json.dumps(answer))
