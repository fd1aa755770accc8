using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.LocalHost.SampleApp;

public sealed record Order(string Id, int Amount);

public static class QueueFunctions
{
    [Function("Copy")]
    [QueueOutput("%Prefix%-copied")]
    public static string Copy([QueueTrigger("%Prefix%-in")] string message, FunctionContext context) =>
        $"{message}|{context.BindingContext.BindingData.GetValueOrDefault("DequeueCount")}|{Environment.ProcessId}";

    [Function("Split")]
    [QueueOutput("%Prefix%-parts")]
    public static string[] Split([QueueTrigger("%Prefix%-orders")] Order order) =>
        [.. Enumerable.Range(1, order.Amount).Select(part => $"{order.Id}/{part}")];

    [Function("Archive")]
    [BlobOutput("%Prefix%-archive/{Id}.txt")]
    public static string Archive([QueueTrigger("%Prefix%-archive")] Order order) => $"amount {order.Amount}";

    [Function("Broken")]
    public static void Broken([QueueTrigger("%Prefix%-broken")] string message) =>
        throw new InvalidOperationException($"cannot do {message}");
}
