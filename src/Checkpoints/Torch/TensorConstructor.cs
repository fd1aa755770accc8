using System.Globalization;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Stands for <c>torch._utils._rebuild_tensor</c> and <c>_rebuild_tensor_v2</c>: (storage, offset, shape, strides, and in v2
/// requires_grad and hooks, which inference does not need). A tensor of a type that is not read becomes a placeholder.
/// </summary>
internal sealed class TensorConstructor : IPickledCallable
{
    /// <inheritdoc/>
    public object Call(object?[] arguments) => arguments switch
    {
        [TorchStorage storage, var offset, object?[] shape, object?[] strides, ..] =>
            new TorchTensor(storage, Integer(offset), [.. shape.Select(Integer)], [.. strides.Select(Integer)]),
        [Placeholder storage, ..] => storage.Call(null),
        _ => throw PickleError.Malformed("a tensor without storage, offset, shape and strides"),
    };

    private static long Integer(object? value) => value is int or long
        ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
        : throw PickleError.Malformed($"a tensor with {value?.GetType().Name ?? "None"} where an integer belongs");
}
