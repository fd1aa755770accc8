using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace Nanodet.Serverless.LocalHost.SampleApp;

public static class DurableFunctions
{
    [Function("Start")]
    public static async Task<IActionResult> StartAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "start/{orchestration}")] HttpRequest request,
        string orchestration,
        [DurableClient] DurableTaskClient client)
    {
        var id = await client.ScheduleNewOrchestrationInstanceAsync(orchestration, (string?)request.Query["input"]);
        return new OkObjectResult(client.CreateHttpManagementPayload(id));
    }

    /// <summary>The other role: it only raises events.</summary>
    [Function("Raise")]
    public static Task RaiseAsync([QueueTrigger("%Prefix%-raise")] string instanceId, [DurableClient] DurableTaskClient client) =>
        client.RaiseEventAsync(instanceId, "Go", $"from {Environment.GetEnvironmentVariable("Prefix")}");

    [Function("FanOut")]
    public static async Task<string> FanOutAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var parts = Enumerable.Range(0, int.Parse(context.GetInput<string>()!)).Select(part => context.CallActivityAsync<int>("Square", part));
        return $"sum {(await Task.WhenAll(parts)).Sum()}";
    }

    [Function("Square")]
    public static int Square([ActivityTrigger] int value) => value * value;

    [Function("WaitForGo")]
    public static async Task<string> WaitForGoAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        $"went {await context.WaitForExternalEvent<string>("Go")}";

    [Function("AskForGo")]
    public static async Task<string> AskForGoAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await context.CallActivityAsync<string>("Ask", context.InstanceId);
        return $"went {await context.WaitForExternalEvent<string>("Go")}";
    }

    [Function("Ask")]
    [QueueOutput("%RaisePrefix%-raise")]
    public static string Ask([ActivityTrigger] string instanceId) => instanceId;

    [Function("Nap")]
    public static async Task<string> NapAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var began = context.CurrentUtcDateTime;
        await context.CreateTimer(TimeSpan.FromSeconds(2), CancellationToken.None);
        return context.CurrentUtcDateTime - began >= TimeSpan.FromSeconds(1) ? "rested" : "too early";
    }

    [Function("Parent")]
    public static async Task<string> ParentAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        $"child: {await context.CallSubOrchestratorAsync<string>("FanOut", "3")}";

    [Function("Careless")]
    public static async Task<string> CarelessAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        try
        {
            await context.CallActivityAsync("Stumble", "\"quoted\"");
            return "no failure";
        }
        catch (TaskFailedException exception)
        {
            return $"{exception.FailureDetails.ErrorType}: {exception.FailureDetails.ErrorMessage}";
        }
    }

    [Function("Stumble")]
    public static void Stumble([ActivityTrigger] string over) => throw new InvalidDataException($"stumbled over {over}");

    [Function("Count")]
    public static async Task<int> CountAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var counter = new EntityInstanceId(nameof(Counter), context.InstanceId);
        await context.Entities.CallEntityAsync(counter, "Add", 2);
        await context.Entities.CallEntityAsync(counter, "Add", 3);
        return await context.Entities.CallEntityAsync<int>(counter, "Get");
    }

    [Function(nameof(Counter))]
    public static Task CounterAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Counter>();
}

public sealed class Counter : TaskEntity<int>
{
    public void Add(int amount) => State += amount;

    public int Get() => State;
}
