using System.Globalization;
using Razorvine.Pickle;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Stands for <c>torch._utils._rebuild_tensor</c> and <c>_rebuild_tensor_v2</c>: (storage, offset, shape, strides, and in v2
/// requires_grad and hooks, which inference does not need).
/// </summary>
internal sealed class TensorConstructor : IObjectConstructor
{
    /// <inheritdoc/>
    public object construct(object[] args) =>
        args is [TorchStorage storage, var offset, object[] shape, object[] strides, ..]
            ? new TorchTensor(storage, Integer(offset), [.. shape.Select(Integer)], [.. strides.Select(Integer)])
            : throw new PickleException("a tensor without storage, offset, shape and strides");

    private static long Integer(object value) => value switch
    {
        int or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        _ => throw new PickleException($"a tensor with {value ?? "None"} where an integer belongs"),
    };
}
