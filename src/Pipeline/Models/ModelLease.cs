namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Keeps a model alive while it is used, even when another one takes its place. Dispose it soon.</summary>
public sealed class ModelLease : IDisposable
{
    internal ModelLease(NanodetModel model) => Model = model;

    /// <summary>The model.</summary>
    public NanodetModel Model { get; }

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
