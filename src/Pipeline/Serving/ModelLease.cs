using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline.Registry;

namespace Nanodet.Serverless.Pipeline.Serving;

/// <summary>Keeps a model alive while it is used, even when another one takes its place. Dispose it soon.</summary>
public sealed class ModelLease : IDisposable
{
    private readonly Action? _ended;
    private int _isDisposed;

    internal ModelLease(LoadedModel loaded, Action? ended)
    {
        Loaded = loaded;
        _ended = ended;
    }

    /// <summary>The model.</summary>
    public NanodetModel Model => Loaded.Model;

    internal LoadedModel Loaded { get; }

    /// <summary>Ends the use.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Loaded.Release();
            _ended?.Invoke();
        }
    }

    /// <summary>True when a request for that model is one for this model: by name, version, both, or SHA-256.</summary>
    internal bool Serves(string requested) => ModelCatalog.Names(requested, Model.Description.Name, Model.Version, Model.Sha256);
}
