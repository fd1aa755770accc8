using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>
/// Gives the caller of an HTTP function that failed problem details. The failure goes on to the host, which logs it and counts it; a
/// request that did not come whole is no failure of the function.
/// </summary>
internal sealed class HttpFailures : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception) when (context.GetHttpContext() is { Response.HasStarted: false })
        {
            await Problem.BodyIncomplete(exception).ExecuteAsync(context.GetHttpContext()!);
        }
        catch (Exception) when (context.GetHttpContext() is { Response.HasStarted: false, RequestAborted.IsCancellationRequested: false })
        {
            await Problem.Failed(context.FunctionDefinition.Name, context.InvocationId).ExecuteAsync(context.GetHttpContext()!);
            throw;
        }
    }
}
