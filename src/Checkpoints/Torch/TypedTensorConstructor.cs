namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Stands for <c>torch._tensor._rebuild_from_type_v2</c> and <c>_rebuild_from_type</c>: a tensor with attributes, as (how the tensor is
/// rebuilt, class, arguments of that, attributes). The tensor is what counts.
/// </summary>
internal sealed class TypedTensorConstructor : IPickledCallable
{
    /// <inheritdoc/>
    public object Call(object?[] arguments) => arguments switch
    {
        [IPickledCallable rebuild and (TensorConstructor or ParameterConstructor), _, object?[] values, ..] => rebuild.Call(values),
        [Placeholder rebuild, ..] => rebuild.Call(null),
        _ => throw PickleError.Malformed("a tensor of a class of its own without the way to rebuild it"),
    };
}
