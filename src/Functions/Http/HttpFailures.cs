using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>
/// Gives the caller of an HTTP function that failed problem details. The failure goes on to the host, which logs it and counts it.
/// </summary>
internal sealed class HttpFailures : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception) when (context.GetHttpContext() is { Response.HasStarted: false, RequestAborted.IsCancellationRequested: false })
        {
            await Problem.Failed(context.FunctionDefinition.Name, context.InvocationId).ExecuteAsync(context.GetHttpContext()!);
            throw;
        }
    }
}
