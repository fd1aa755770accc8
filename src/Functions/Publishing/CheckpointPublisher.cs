using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Publishing;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>
/// From a checkpoint in storage to the current model and a report. The project that reads checkpoints and the one that runs models do
/// not know each other; they meet here, as they do in the command line.
/// </summary>
public sealed class CheckpointPublisher(
    CheckpointStore store, ModelPublisher models, IOptions<LogOptions> log, TimeProvider timeProvider, ILogger<CheckpointPublisher> logger) : IDisposable
{
    /// <summary>The code of what nobody foresaw; the app's log has the details.</summary>
    public const string Unexpected = "publish_failed";

    private const int PointerTries = 5;

    // A checkpoint is large in memory, and converting it takes every core: one at a time.
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Publishes a pair once. What makes it unfit becomes a report; what may pass is thrown.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage failed for longer than its client retries.</exception>
    public async Task<PublishOutcome> PublishAsync(CheckpointPair pair, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pair);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (await store.FindReportAsync(pair, cancellationToken) is { } before)
            {
                return PublishOutcome.From(before);
            }

            return await store.IsCurrentAsync(pair, cancellationToken)
                && await MakeAsync(pair, cancellationToken) is { } report
                    ? await WriteAsync(pair, report, cancellationToken)
                    : Superseded(pair);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes the report about a pair that failed as often as activities are tried.</summary>
    public async Task<PublishOutcome> ReportFailureAsync(CheckpointPair pair, string reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pair);
        var message = $"{reason} (more in the app's log: {log.Value.Location})";
        return await WriteAsync(pair, await RefuseAsync(pair, Unexpected, message, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>The report of the publication; null when the pair is not what lies there any more.</summary>
    private async Task<PublishReport?> MakeAsync(CheckpointPair pair, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.ReadAsync(pair, cancellationToken) is not var (checkpoint, config))
            {
                return null;
            }

            var started = timeProvider.GetTimestamp();
            var exported = ModelExporter.Export(checkpoint, config, pair.ModelName).WithParity(ParityFixture.Compute);
            var duration = timeProvider.GetElapsedTime(started);
            var verified = ModelPublisher.Verify(exported.Onnx, config: null, version: null);
            return await PromoteAsync(pair, verified, cancellationToken) is { } pointer
                ? new PublishReport
                {
                    Status = PublishReport.Published,
                    Checkpoint = pair.Checkpoint,
                    Config = pair.Config,
                    Model = Describe(exported, pointer, verified.Parity, duration),
                    Current = pointer.Id,
                    Notes = exported.Notes,
                    CreatedUtc = timeProvider.GetUtcNow(),
                }
                : null;
        }
        catch (CheckpointException exception)
        {
            return await RefuseAsync(pair, exception.Code, exception.Message, cancellationToken);
        }
        catch (ModelLoadException exception)
        {
            return await RefuseAsync(pair, exception.Code, exception.Message, cancellationToken);
        }
        catch (PipelineException exception)
        {
            return await RefuseAsync(pair, exception.Code, exception.Message, cancellationToken);
        }
    }

    /// <summary>Moves the pointer, against other publishers as often as it makes sense; null when the pair is not wanted any more.</summary>
    private async Task<ModelPointer?> PromoteAsync(CheckpointPair pair, VerifiedModel verified, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await models.PublishAsync(verified, token => store.IsCurrentAsync(pair, token), cancellationToken);
            }
            catch (PipelineException exception) when (exception.Code == PipelineErrorCodes.PointerMoved && attempt < PointerTries)
            {
                Log.PointerMoved(logger, pair.Stem, attempt);
            }
        }
    }

    private async Task<PublishReport> RefuseAsync(CheckpointPair pair, string code, string message, CancellationToken cancellationToken) => new()
    {
        Status = PublishReport.Refused,
        Checkpoint = pair.Checkpoint,
        Config = pair.Config,
        Error = new PublishError(code, message),
        Current = await FindCurrentAsync(cancellationToken),
        CreatedUtc = timeProvider.GetUtcNow(),
    };

    private async Task<string?> FindCurrentAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await models.FindCurrentAsync(cancellationToken))?.Id;
        }
        catch (PipelineException)
        {
            // A pointer that is none names no model; the workers say so in their health.
            return null;
        }
    }

    private async Task<PublishOutcome> WriteAsync(CheckpointPair pair, PublishReport report, CancellationToken cancellationToken)
    {
        if (!await store.WriteReportAsync(pair, report, cancellationToken))
        {
            return Superseded(pair);
        }

        if (report.Model is { } model)
        {
            Log.CheckpointPublished(logger, pair.Stem, model.Name, model.Version, model.Sha256, model.LargestDifference);
        }
        else
        {
            Log.CheckpointRefused(logger, pair.Stem, report.Error!.Code, report.Error.Message);
        }

        return PublishOutcome.From(report);
    }

    private PublishOutcome Superseded(CheckpointPair pair)
    {
        Log.CheckpointSuperseded(logger, pair.Stem);
        return PublishOutcome.None;
    }

    private static PublishedCheckpoint Describe(ExportedModel exported, ModelPointer pointer, ParityResult parity, TimeSpan duration) => new()
    {
        Name = pointer.Name,
        Version = pointer.Version,
        Sha256 = pointer.Sha256,
        Blob = pointer.Blob,
        Bytes = exported.Onnx.LongLength,
        CheckpointSha256 = exported.CheckpointSha256,
        ConfigSha256 = exported.ConfigSha256,
        Averaged = exported.Form.Averaged,
        Tensors = exported.Tensors,
        Parameters = exported.Parameters,
        IgnoredTensors = exported.IgnoredTensors,
        Classes = exported.Classes.Count,
        InputWidth = exported.InputWidth,
        InputHeight = exported.InputHeight,
        ParityValues = parity.ValuesCompared,
        LargestDifference = parity.LargestDifference,
        ExportMs = duration.TotalMilliseconds,
    };
}
