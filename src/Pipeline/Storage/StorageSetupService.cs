using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Runs <see cref="StorageSetup"/> when the app starts; storage that cannot be reached yet does not stop the start.</summary>
internal sealed class StorageSetupService(
    StorageSetup setup,
    IOptions<StorageOptions> options,
    TimeProvider time,
    ILogger<StorageSetupService> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (options.Value.CreateMissing && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await setup.TryEnsureAsync(stoppingToken).ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (!StorageFailure.IsCancellation(exception, stoppingToken))
            {
                Log.StorageNotReady(logger, StorageFailure.Explain(exception) ?? exception.Message);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(false);
            }
        }
    }
}
