using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.LocalHost.SampleApp;

public static class TimerFunctions
{
    // Once a year, and at every start.
    [Function("Yearly")]
    [QueueOutput("%Prefix%-ticks")]
    public static string Yearly([TimerTrigger("0 0 0 1 1 *", RunOnStartup = true)] TimerInfo timer) =>
        $"{timer.IsPastDue}|{timer.ScheduleStatus?.Next:O}";

    // Runs only where it was missed, and ends when a file is there.
    [Function("Overdue")]
    public static async Task OverdueAsync([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer, FunctionContext context)
    {
        var file = Environment.GetEnvironmentVariable("OverdueFile")!;
        await File.WriteAllTextAsync($"{file}.started", "");
        while (!File.Exists(file))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, context.CancellationToken);
        }
    }
}
