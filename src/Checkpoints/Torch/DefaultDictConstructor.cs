namespace Nanodet.Checkpoints.Torch;

/// <summary>Stands for <c>collections.defaultdict</c>: called with what makes a missing value, which nobody asks for here.</summary>
internal sealed class DefaultDictConstructor : IPickledCallable
{
    /// <inheritdoc/>
    public object Call(object?[] arguments) =>
        arguments.Length <= 1 ? new PickledDictionary() : new Placeholder("collections.defaultdict");
}
