using Microsoft.Azure.Functions.Worker;

namespace Nanodet.Serverless.LocalHost.SampleApp;

public static class TimerFunctions
{
    // Once a year, and at every start.
    [Function("Yearly")]
    [QueueOutput("%Prefix%-ticks")]
    public static string Yearly([TimerTrigger("0 0 0 1 1 *", RunOnStartup = true)] TimerInfo timer) =>
        $"{timer.IsPastDue}|{timer.ScheduleStatus?.Next:O}";
}
