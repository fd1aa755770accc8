using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.Functions.Http;

/// <summary><c>POST /api/detect</c>: one image in the body, its result in the answer. Nothing is stored.</summary>
public sealed class DetectImage(DetectApi api)
{
    /// <summary>Answers.</summary>
    [Function(nameof(DetectImage))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "detect")] HttpRequest request, CancellationToken cancellationToken) =>
        api.DetectAsync(request, cancellationToken);
}
