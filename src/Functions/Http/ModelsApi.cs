using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Nanodet.Detection.Description;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Registry;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>/api/models</c>: what was published, and which model is current.</summary>
/// <param name="publisher">Publishes models.</param>
/// <param name="bodies">Reads requests.</param>
public sealed class ModelsApi(ModelPublisher publisher, BodyReader bodies)
{
    private const int MaxBody = 4096;

    /// <summary><c>GET /api/models</c>: 200 with every published model, the latest first.</summary>
    [Function("ListModels")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "models")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return RequestQuery.Refuse(request) ?? JsonAnswer.Of(
            StatusCodes.Status200OK, new ModelList(await publisher.ListAsync(cancellationToken)), ApiJson.Default.ModelList);
    }

    /// <summary>
    /// <c>POST /api/models/rollback</c> makes a published model the current one, after it was verified again: 200 with the model that is
    /// current now. 404 when there is no such model, 409 when another publisher was faster, 422 when the model does not serve any more;
    /// 408, 413 or 429 for a body that is not taken.
    /// </summary>
    [Function("RollbackModel")]
    public async Task<IResult> RollbackAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "models/rollback")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (RequestQuery.Refuse(request) is { } refusal)
        {
            return refusal;
        }

        using var body = await bodies.ReadAsync(request.Body, request.ContentLength, MaxBody, cancellationToken);
        if (body.Fault != BodyFault.None)
        {
            return Problem.BodyRefused(body.Fault, MaxBody, isImage: false);
        }

        try
        {
            var wanted = body.Bytes.IsEmpty ? null : JsonSerializer.Deserialize(body.Bytes.Span, ApiJson.Default.RollbackRequest);
            body.Recycle();
            var pointer = await publisher.RollbackAsync(wanted?.Model, cancellationToken);
            return JsonAnswer.Of(
                StatusCodes.Status200OK,
                new CurrentModel(pointer.Name, pointer.Version, pointer.Sha256, pointer.Previous),
                ApiJson.Default.CurrentModel);
        }
        catch (JsonException exception)
        {
            return Problem.InvalidRequest(
                $"Expected {{ \"model\": \"name/version\" }} or no body, found something else: {exception.Message}");
        }
        catch (PipelineException exception)
        {
            return exception.Code switch
            {
                PipelineErrorCodes.ModelNotPublished => Problem.Result(
                    StatusCodes.Status404NotFound, exception.Code, "There is no such model", exception.Message),
                PipelineErrorCodes.PointerMoved => Problem.Result(
                    StatusCodes.Status409Conflict, exception.Code, "Another publisher was faster", exception.Message),
                _ => Unusable(exception.Code, exception.Message),
            };
        }
        catch (Exception exception) when (EnvironmentFault.From(exception) is { } fault)
        {
            return Problem.MachineLacks(fault.Code, fault.Message);
        }
        catch (ModelLoadException exception)
        {
            return Unusable(exception.Code, exception.Message);
        }
    }

    private static IResult Unusable(string code, string message) =>
        Problem.Result(StatusCodes.Status422UnprocessableEntity, code, "The model cannot be used", message);
}
