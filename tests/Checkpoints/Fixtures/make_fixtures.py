"""Writes the genuine torch.save files of this folder and what they hold.

Run with a Python that has PyTorch (made with Debian 12's python3-torch, 1.13):

    python3 tests/Checkpoints/Fixtures/make_fixtures.py

The tests read the committed results; they never run this. Values are short binary fractions, exact in every type that holds them.
"""

import json
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).resolve().parent


def ramp(count, dtype):
    return (torch.arange(count, dtype=torch.float64) * 0.5 - 1.25).to(dtype)


def types():
    tensors = OrderedDict()
    for name in ("float32", "float16", "bfloat16", "float64"):
        tensors[name] = ramp(6, getattr(torch, name)).reshape(2, 3)
    for name in ("int64", "int32", "int16", "int8"):
        tensors[name] = (torch.arange(6) * 25 - 60).to(getattr(torch, name)).reshape(3, 2)
    tensors["uint8"] = torch.tensor([0, 1, 127, 128, 254, 255], dtype=torch.uint8)
    tensors["bool"] = torch.tensor([True, False, False, True])
    tensors["scalar"] = torch.tensor(2.75)
    tensors["int64_scalar"] = torch.tensor(-7)
    tensors["empty"] = torch.zeros(0, 4)
    return tensors


def views():
    base = ramp(24, torch.float32)
    cube = ramp(2 * 3 * 2 * 2, torch.float32).reshape(2, 3, 2, 2)
    return OrderedDict(
        transposed=base.reshape(4, 6).t(),
        channels_last=cube.to(memory_format=torch.channels_last),
        expanded=torch.tensor([[1.5], [-2.5]]).expand(2, 4),
        sliced=base.reshape(4, 6)[1:3, 2:5],
        every_second=base[1::2],
        shared_low=base[:5],
        shared_high=base[19:],
        whole=base,
    )


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 2, 3, bias=False), nn.BatchNorm2d(2), nn.PReLU())
        self.fpn = nn.Conv2d(2, 2, 1)
        self.head = nn.Conv2d(2, 4, 1)


def module():
    state = Detector().state_dict()
    assert state._metadata
    for number, tensor in enumerate(state.values()):
        tensor.copy_(ramp(tensor.numel(), torch.float64).reshape(tensor.shape) + number)
    return state


def expected(tensors):
    return {
        name: {
            "type": str(tensor.dtype).removeprefix("torch."),
            "shape": list(tensor.shape),
            "values": tensor.detach().to(torch.float64).flatten().tolist(),
        }
        for name, tensor in tensors.items()
    }


def trainer(state):
    """What the trainers of NanoDet 0.x saved."""
    return {"epoch": 3, "iter": 1200, "state_dict": state, "optimizer": {"state": {0: {"momentum_buffer": ramp(4, torch.float32)}}}}


def main():
    parameters = {name: nn.Parameter(tensor) for name, tensor in views().items()}
    files = {
        "types.pth": (types(), 2),
        "views.pth": (views(), 2),
        "parameters.pth": (parameters, 2),
        "module.pth": (module(), 2),
        "protocol4.pth": (module(), 4),
    }
    for name, (tensors, protocol) in files.items():
        torch.save({"state_dict": tensors}, HERE / name, pickle_protocol=protocol)
        assert (HERE / name).stat().st_size < 20_000
    # The format from before PyTorch 1.6, as weights and as a trainer's file.
    legacy = {"legacy.pth": ({"state_dict": views()}, views()), "legacy_trainer.pth": (trainer(module()), module())}
    for name, (content, _) in legacy.items():
        torch.save(content, HERE / name, _use_new_zipfile_serialization=False)
        assert (HERE / name).stat().st_size < 20_000
    files |= {name: (tensors, 2) for name, (_, tensors) in legacy.items()}
    content = {name: expected(tensors) for name, (tensors, _) in files.items()}
    (HERE / "expected.json").write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
