using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Nanodet.Serverless.LocalHost.Worker;

namespace Nanodet.Serverless.LocalHost.Http;

/// <summary>What the host says about itself: <c>/</c>, <c>/admin/host/status</c> and <c>/admin/functions</c>.</summary>
internal sealed class HostStatus(string hostId, IReadOnlyList<FunctionInfo> functions, WorkerSupervisor worker, TimeProvider timeProvider)
{
    private static readonly string[] ReadMethods = ["GET", "HEAD"];

    private readonly string _instanceId = Guid.NewGuid().ToString();
    private readonly long _started = timeProvider.GetTimestamp();

    public void Map(IEndpointRouteBuilder routes, Func<bool> isReady)
    {
        routes.MapMethods(
            "/", ReadMethods, () => Results.Text("The local host of an Azure Functions app. /admin/functions lists what runs here.\n"));
        KeyCheck.Protect(routes.MapMethods("/admin/host/status", ReadMethods, () => Results.Json(new
        {
            id = hostId,
            state = worker.Completion.IsFaulted ? "Error" : isReady() && worker.ProcessId is not null ? "Running" : "Starting",
            version = typeof(HostStatus).Assembly.GetName().Version?.ToString(3),
            _instanceId,
            computerName = Environment.MachineName,
            processId = Environment.ProcessId,
            processUptime = (long)timeProvider.GetElapsedTime(_started).TotalMilliseconds,
            workerProcessId = worker.ProcessId,
            workerStarts = worker.Starts,
        })));
        KeyCheck.Protect(routes.MapMethods("/admin/functions", ReadMethods, () => Results.Json(functions.Select(function => new
        {
            name = function.Name,
            trigger = function.TriggerType,
            isDisabled = function.IsDisabled,
            route = function.Route,
        }))));
    }
}
