using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Checkpoints;
using Nanodet.Detection;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Conversion;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Publishing;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Functions.Publishing;

/// <summary>
/// From a checkpoint in storage to the current model and a report.
/// </summary>
public sealed class CheckpointPublisher(
    CheckpointStore store,
    ModelPublisher models,
    CalibrationPhotos photos,
    IOptions<ConversionSettings> settings,
    IOptions<LogOptions> log,
    TimeProvider timeProvider,
    ILogger<CheckpointPublisher> logger) : IDisposable
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

            var (converted, set) = await ConvertAsync(pair, checkpoint, config, cancellationToken);
            return await PromoteAsync(pair, set, cancellationToken) is { } pointer
                ? new PublishReport
                {
                    Status = PublishStatus.Published,
                    Checkpoint = pair.Checkpoint,
                    Config = pair.Config,
                    Model = Describe(converted, set, pointer),
                    Current = pointer.Id,
                    Notes = converted.Notes,
                    CreatedUtc = timeProvider.GetUtcNow(),
                }
                : null;
        }
        catch (CheckpointException exception)
        {
            return await RefuseAsync(pair, exception.Code, exception.Message, cancellationToken);
        }
        catch (NanodetException exception) when (exception is not EnvironmentException)
        {
            return await RefuseAsync(pair, exception.Code, exception.Message, cancellationToken);
        }
    }

    /// <summary>Converts as the config asks for, else as the settings do.</summary>
    private async Task<(ConvertedModel Primary, VerifiedModelSet Set)> ConvertAsync(
        CheckpointPair pair, byte[] checkpoint, byte[] config, CancellationToken cancellationToken)
    {
        var request = ConversionRequest.Read(config);
        var precision = request.Precision ?? settings.Value.Precision;
        var place = request.Calibration ?? settings.Value.Calibration;
        var forms = request.Forms.Count > 0 ? request.Forms : request.Precision is null ? settings.Value.NamedForms : [];
        var isPlainFloat = forms.Count > 0
            ? forms.All(form => FormNames.PrecisionOf(form) == ParityPrecision.Full)
            : precision == ModelPrecision.Fp32;
        var options = new ConversionOptions
        {
            Name = ConversionOptions.NameOf(pair.ModelName, forms.Count > 0 ? ModelPrecision.Fp32 : precision),
            Precision = precision,
            Calibration = isPlainFloat || place is null ? null : await photos.FindAsync(place, cancellationToken),
        };
        if (forms.Count == 0)
        {
            var single = await ModelConverter.ConvertAsync(checkpoint, config, options, cancellationToken);
            return (single with { Notes = WithSpeed(single.Notes, single.SpeedNote) }, new VerifiedModelSet(single.Model));
        }

        var converted = await ModelConverter.ConvertAsync(checkpoint, config, options, forms, cancellationToken);
        return (converted.Primary with { Notes = WithSpeed(converted.Notes, converted.SpeedNote) }, converted.ToSet());
    }

    private static IReadOnlyList<string> WithSpeed(IReadOnlyList<string> notes, string? speed) => speed is null ? notes : [.. notes, speed];

    /// <summary>
    /// Moves the pointer, against other publishers as often as it makes sense; null when the pair is not wanted any more.
    /// </summary>
    private async Task<ModelPointer?> PromoteAsync(CheckpointPair pair, VerifiedModelSet set, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await models.PublishAsync(set, token => store.IsCurrentAsync(pair, token), cancellationToken);
            }
            catch (PipelineException exception) when (exception.Code == PipelineErrorCodes.PointerMoved && attempt < PointerTries)
            {
                Log.PointerMoved(logger, pair.Stem, attempt);
            }
        }
    }

    private async Task<PublishReport> RefuseAsync(
        CheckpointPair pair, string code, string message, CancellationToken cancellationToken) => new()
        {
            Status = PublishStatus.Refused,
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

    private static PublishedCheckpoint Describe(ConvertedModel converted, VerifiedModelSet set, ModelPointer pointer) => new()
    {
        Name = pointer.Name,
        Version = pointer.Version,
        Sha256 = pointer.Sha256,
        Blob = pointer.Blob,
        Bytes = converted.Model.Onnx.Length,
        Precision = converted.Precision.ToString().ToLowerInvariant(),
        Forms = [.. set.Manifest?.Forms.Select(entry => FormNames.Of(entry.Form)) ?? []],
        CheckpointSha256 = converted.Export.CheckpointSha256,
        ConfigSha256 = converted.Export.ConfigSha256,
        Averaged = converted.Export.Form.Averaged,
        Tensors = converted.Export.Tensors,
        Parameters = converted.Export.Parameters,
        IgnoredTensors = converted.Export.IgnoredTensors,
        Classes = converted.Export.Classes.Count,
        InputWidth = converted.Export.InputWidth,
        InputHeight = converted.Export.InputHeight,
        ParityValues = converted.Model.Parity.ValuesCompared,
        LargestDifference = converted.Model.Parity.LargestDifference,
        ExportMs = (converted.ExportTime + converted.VerificationTime).TotalMilliseconds,
    };
}
