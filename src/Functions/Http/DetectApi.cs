using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Description;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Natives;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Serving;
using WorkerOptions = Nanodet.Serverless.Pipeline.Workers.WorkerOptions;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/detect</c>: one image in the body, its result in the answer. Nothing is stored.</summary>
/// <param name="detector">Detects.</param>
/// <param name="model">Says why there is no result.</param>
/// <param name="worker">How long to wait for the model.</param>
/// <param name="options">How large an image may be.</param>
/// <param name="bodies">Reads images.</param>
public sealed class DetectApi(
    WarmDetector detector, WarmModel model, IOptions<WorkerOptions> worker, IOptions<DetectorOptions> options, BodyReader bodies)
{
    /// <summary>The name of <see cref="DetectAsync"/>.</summary>
    public const string FunctionName = "DetectImage";

    /// <summary><c>POST /api/detect</c>: 200 with the result; 400, 408, 413, 415, 422, 429 or 503 with problem details.</summary>
    [Function(FunctionName)]
    public async Task<IResult> DetectAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "detect")] HttpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!DetectQuery.TryRead(request.Query, out var wanted, out var problem))
        {
            return Problem.InvalidRequest(problem);
        }

        var (body, image, refusal) = await DetectBody.ReadAsync(request, bodies, options.Value.Limits.MaxBytes, cancellationToken);
        using var received = body;
        if (refusal is not null)
        {
            return refusal;
        }

        DetectionResult? result;
        try
        {
            result = await detector.DetectAsync(
                image, DetectQuery.Name(request.Query), wanted, worker.Value.ReadyWait, cancellationToken);
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            return Problem.MachineLacks(fault.Code, fault.Message);
        }
        catch (ModelLoadException exception)
        {
            // The warm model may be ready, so health would not say why.
            return Problem.ModelNotReady($"{exception.Message} Try again later.");
        }

        if (result is not null)
        {
            received!.Recycle();
        }

        return result switch
        {
            null => NotReady(),
            { Error: { Code: FailureCodes.ModelNotServed or FailureCodes.ModelNotUsable } error } => Problem.Result(
                StatusCodes.Status422UnprocessableEntity, error.Code, "The model cannot be used", error.Message),
            { Error: { Code: FailureCodes.ClassUnknown } error } => Problem.InvalidRequest($"{error.Code}: {error.Message}"),
            { Error: { } error } => Problem.Result(
                StatusCodes.Status422UnprocessableEntity, error.Code, "The image cannot be used", error.Message),
            _ => new JsonAnswer(StatusCodes.Status200OK, result.ToUtf8Json(), JsonAnswer.Json),
        };
    }

    private IResult NotReady() => model.Status is { Code: { } code, Reason: { } reason } && EnvironmentErrorCodes.All.Contains(code)
        ? Problem.MachineLacks(code, reason)
        : Problem.ModelNotReady("The model is not ready; GET /api/health says why. Try again later.");
}
