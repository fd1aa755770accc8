using NCrontab;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>The times of an NCRONTAB expression, read in UTC.</summary>
internal sealed class UtcTimes
{
    private readonly CrontabSchedule _schedule;

    private UtcTimes(CrontabSchedule schedule) => _schedule = schedule;

    /// <summary>Whether they come more often than once a minute: the engine keeps no status of such a timer.</summary>
    public bool AreFrequent
    {
        get
        {
            var day = new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc);
            DateTime[] times = [.. _schedule.GetNextOccurrences(day, day.AddDays(1)).Take(100)];
            return times.Zip(times.Skip(1)).Any(pair => pair.Second - pair.First < TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>Reads an expression of five fields, or of six that begin with the seconds; null when the text is none.</summary>
    public static UtcTimes? Parse(string expression)
    {
        var fields = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        return fields is 5 or 6
            && CrontabSchedule.TryParse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = fields == 6 }) is { } schedule
                ? new UtcTimes(schedule)
                : null;
    }

    /// <summary>The next time after one, as the machine's clock shows it.</summary>
    /// <param name="now">As the machine's clock shows it, or in UTC.</param>
    public DateTime Next(DateTime now) => _schedule.GetNextOccurrence(now.ToUniversalTime()).ToLocalTime();

    /// <inheritdoc/>
    public override string ToString() => $"{_schedule} (UTC)";
}
