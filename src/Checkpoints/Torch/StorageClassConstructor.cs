using Razorvine.Pickle;

namespace Nanodet.Checkpoints.Torch;

/// <summary>Stands for a storage class such as <c>torch.FloatStorage</c>. A checkpoint names it and never calls it.</summary>
internal sealed class StorageClassConstructor(TorchDType type) : IObjectConstructor
{
    /// <summary>The element type of the class.</summary>
    public TorchDType Type { get; } = type;

    /// <inheritdoc/>
    public object construct(object[] args) => throw new PickleException("a storage class was called");
}
