using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.LocalHost.SampleApp;

public sealed class Accepted
{
    [HttpResult]
    public required IActionResult Response { get; init; }

    [QueueOutput("%Prefix%-in")]
    public required string Message { get; init; }
}

public static class HttpFunctions
{
    [Function("Greet")]
    public static IActionResult Greet(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "people/{name}/{times:int?}")] HttpRequest request, string name, int? times)
    {
        request.HttpContext.Response.Headers["x-greeted"] = name;
        return new ObjectResult(string.Join(' ', Enumerable.Repeat($"hello {name}", times ?? 1))) { StatusCode = StatusCodes.Status203NonAuthoritative };
    }

    [Function("Measure")]
    public static async Task<IActionResult> MeasureAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        return new FileContentResult(body.ToArray(), request.ContentType ?? "application/octet-stream");
    }

    [Function("Accept")]
    public static async Task<Accepted> AcceptAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        return new Accepted { Message = await reader.ReadToEndAsync(), Response = new AcceptedResult() };
    }

    [Function("Throw")]
    public static IActionResult Throw([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        throw new InvalidOperationException($"no answer to {request.Method}");

    [Function("Off")]
    public static IActionResult Off([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkObjectResult(request.Path.Value);

    /// <summary>Ends only when its caller leaves.</summary>
    [Function("Wait")]
    public static async Task<IActionResult> WaitAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context)
    {
        // Until a worker has the invocation, it ignores that it is to be cancelled: the caller has to know when it may leave.
        await File.WriteAllTextAsync($"{request.Query["file"]}.started", "");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
        }
        finally
        {
            await File.WriteAllTextAsync(request.Query["file"]!, "left");
        }

        return new OkResult();
    }
}
