namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>Keeps a model alive while it is used, even when another one takes its place. Dispose it soon.</summary>
public sealed class ModelLease : IDisposable
{
    private int _isDisposed;

    internal ModelLease(LoadedModel loaded) => Loaded = loaded;

    /// <summary>The model.</summary>
    public NanodetModel Model => Loaded.Model;

    internal LoadedModel Loaded { get; }

    /// <summary>Ends the use.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Loaded.Release();
        }
    }

    /// <summary>True when a request for that model is one for this model: by name, version, both, or SHA-256.</summary>
    internal bool Serves(string requested)
    {
        var (name, version) = (Model.Description.Name, Model.Version);
        return requested == name
            || requested == version
            || requested == $"{name}/{version}"
            || string.Equals(requested, Model.Sha256, StringComparison.OrdinalIgnoreCase);
    }
}
