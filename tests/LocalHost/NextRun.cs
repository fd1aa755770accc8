using System.Diagnostics;
using System.Globalization;
using Nanodet.Serverless.LocalHost.Functions;

namespace Nanodet.Serverless.LocalHost.Tests;

/// <summary>When a timer runs next on a machine in another time zone: a process has one zone, so another process says it.</summary>
internal static class NextRun
{
    public const string Verb = "next-run";

    /// <summary>The other process's side.</summary>
    public static async Task<int> SayAsync(string expression, string now)
    {
        var moment = DateTime.Parse(now, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
        var next = UtcTimes.Parse(expression)!.Next(moment.ToLocalTime());
        await Console.Out.WriteLineAsync(
            string.Create(CultureInfo.InvariantCulture, $"{next.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ} +{TimeZoneInfo.Local.BaseUtcOffset}"));
        return 0;
    }

    /// <summary>Asks for the next run and the zone's distance from UTC.</summary>
    public static async Task<string> AskAsync(string zone, string expression, string now)
    {
        var isDotnet = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        string[] arguments = isDotnet ? [typeof(NextRun).Assembly.Location, Verb, expression, now] : [Verb, expression, now];
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true };
        start.Environment["TZ"] = zone;
        using var process = Process.Start(start)!;
        return (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
    }
}
