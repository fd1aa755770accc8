using Razorvine.Pickle;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Stands for <c>torch._utils._rebuild_parameter</c> and <c>_rebuild_parameter_with_state</c>: a tensor and training flags. The
/// tensor is what counts.
/// </summary>
internal sealed class ParameterConstructor : IObjectConstructor
{
    /// <inheritdoc/>
    public object construct(object[] args) =>
        args is [TorchTensor tensor, ..] ? tensor : throw new PickleException("a parameter without a tensor");
}
