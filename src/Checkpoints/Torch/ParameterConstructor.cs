namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Stands for <c>torch._utils._rebuild_parameter</c> and <c>_rebuild_parameter_with_state</c>: a tensor and training flags. The
/// tensor is what counts.
/// </summary>
internal sealed class ParameterConstructor : IPickledCallable
{
    /// <inheritdoc/>
    public object Call(object?[] arguments) => arguments is [(TorchTensor or Placeholder) and { } tensor, ..]
        ? tensor
        : throw PickleError.Malformed("a parameter without a tensor");
}
