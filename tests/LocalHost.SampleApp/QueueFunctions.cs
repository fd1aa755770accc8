using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.LocalHost.SampleApp;

public sealed record Order(string Id, int Amount);

public static class QueueFunctions
{
    [Function("Copy")]
    [QueueOutput("%Prefix%-copied")]
    public static string Copy([QueueTrigger("%Prefix%-in")] string message, FunctionContext context) =>
        $"{message}|{context.BindingContext.BindingData.GetValueOrDefault("DequeueCount")}|{Environment.ProcessId}";

    /// <summary>Holds a message for as long as its process lives, the first time that it comes.</summary>
    [Function("Hold")]
    [QueueOutput("%Prefix%-held-again")]
    public static async Task<string> HoldAsync([QueueTrigger("%Prefix%-held")] string message, FunctionContext context)
    {
        var count = context.BindingContext.BindingData.GetValueOrDefault("DequeueCount");
        if ($"{count}" == "1")
        {
            await File.WriteAllTextAsync($"{message}.started", string.Empty);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        }

        return $"{message}|{count}";
    }

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
