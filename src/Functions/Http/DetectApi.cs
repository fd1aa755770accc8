using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Workers;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>From an image in a request to a result in an answer.</summary>
public sealed class DetectApi(WarmDetector detector, WarmModel model, IOptions<WorkerOptions> worker, IOptions<DetectorOptions> options)
{
    private readonly long _maxBytes = options.Value.Limits.MaxBytes;

    /// <summary>200 with the result; 413, 422, 400 or 503 with problem details.</summary>
    public async Task<IResult> DetectAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!DetectQuery.TryRead(request.Query, out var wanted, out var problem))
        {
            return Problem.InvalidRequest(problem);
        }

        if (await ReadBodyAsync(request, cancellationToken) is not { } image)
        {
            return Problem.Result(
                StatusCodes.Status413PayloadTooLarge,
                ImageErrorCodes.TooLarge,
                "The image is too large",
                $"Expected at most {_maxBytes} bytes, found more.");
        }

        DetectionResult? result;
        try
        {
            result = await detector.DetectAsync(image, DetectQuery.Name(request.Query), wanted, worker.Value.ReadyWait, cancellationToken);
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            return Problem.MachineLacks(fault.Code, fault.Message);
        }

        return result switch
        {
            null => NotReady(),
            { Error: { Code: FailureCodes.ModelNotServed or FailureCodes.ModelNotUsable } error } => Problem.Result(
                StatusCodes.Status422UnprocessableEntity, error.Code, "The model cannot be used", error.Message),
            { Error: { } error } => Problem.Result(
                StatusCodes.Status422UnprocessableEntity, error.Code, "The image cannot be used", error.Message),
            _ => new JsonAnswer(StatusCodes.Status200OK, result.ToUtf8Json(), JsonAnswer.Json),
        };
    }

    private IResult NotReady() => model.Status is { Code: { } code, Reason: { } reason } && EnvironmentErrorCodes.All.Contains(code)
        ? Problem.MachineLacks(code, reason)
        : Problem.ModelNotReady("The model is not ready; GET /api/health says why. Try again later.");

    /// <summary>The body, or null when it is longer than an image may be.</summary>
    private async Task<byte[]?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > _maxBytes)
        {
            return null;
        }

        using var body = new MemoryStream((int)(request.ContentLength ?? 0));
        var buffer = new byte[81920];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > _maxBytes)
            {
                return null;
            }

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }
}
