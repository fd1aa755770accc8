using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Detectors;

namespace Nanodet.Serverless.Pipeline.Models;

/// <summary>From a file on this machine to a model that may serve: loaded, run once, held against its parity fixture.</summary>
internal sealed class ModelLoader(IOptions<WarmModelOptions> options)
{
    /// <exception cref="ModelLoadException">It cannot be loaded, detects nothing, or does not reproduce its fixture.</exception>
    internal async Task<NanodetModel> LoadAsync(FetchedModel fetched, CancellationToken cancellationToken)
    {
        var model = await ReadAsync(fetched, cancellationToken).ConfigureAwait(false);
        try
        {
            // A model whose output cannot be read as detections is refused here, and not with the first image.
            _ = new Detector(model);
            ParityFixture.Verify(model, options.Value.Precision).EnsurePassed();
            cancellationToken.ThrowIfCancellationRequested();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private async Task<NanodetModel> ReadAsync(FetchedModel fetched, CancellationToken cancellationToken)
    {
        var wanted = new ModelOptions
        {
            Provider = options.Value.Provider,
            RequireGpu = options.Value.RequireGpu,
            DeviceId = options.Value.DeviceId,
            IntraOpThreads = options.Value.IntraOpThreads,
            ConfigPath = ForeignModelConfig.FindBeside(fetched.Path),
            Version = fetched.Version,
        };
        var bytes = await File.ReadAllBytesAsync(fetched.Path, cancellationToken).ConfigureAwait(false);
        var model = NanodetModel.Load(bytes, wanted, fetched.Name);
        if (model.Sha256 == fetched.Sha256)
        {
            return model;
        }

        // The file changed between the check and now.
        model.Dispose();
        throw ModelStore.Corrupt($"file '{fetched.Path}'", fetched.Sha256, model.Sha256);
    }
}
