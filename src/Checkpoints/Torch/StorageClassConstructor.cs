namespace Nanodet.Checkpoints.Torch;

/// <summary>Stands for a storage class such as <c>torch.FloatStorage</c>. A checkpoint names it and never calls it.</summary>
internal sealed class StorageClassConstructor(TorchDType type) : IPickledCallable
{
    /// <summary>The element type of the class.</summary>
    public TorchDType Type { get; } = type;

    /// <inheritdoc/>
    public object Call(object?[] arguments) => throw PickleError.Malformed("a storage class was called");
}
