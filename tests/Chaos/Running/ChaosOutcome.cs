using Nanodet.Serverless.Chaos.Tests.Audit;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>What came of a run.</summary>
/// <param name="Plan">What was planned.</param>
/// <param name="Kills">Processes that were killed.</param>
/// <param name="Starts">Hosts that were started, the first one too.</param>
/// <param name="Faults">Requests to storage that met a fault.</param>
/// <param name="Took">From the start of the app to the end of the work.</param>
/// <param name="LongestSilence">The longest time after the last fault without progress, though there was something to do.</param>
/// <param name="Hidden">How long after the last fault all that was left lay in messages that the queue hid.</param>
/// <param name="Recovery">From the last fault to the end of the work.</param>
/// <param name="IsDone">Whether the work came to its end.</param>
/// <param name="Findings">What is wrong.</param>
/// <param name="Folder">Where everything was kept; null when nothing is wrong.</param>
internal sealed record ChaosOutcome(
    ChaosPlan Plan,
    int Kills,
    int Starts,
    long Faults,
    TimeSpan Took,
    TimeSpan LongestSilence,
    TimeSpan Hidden,
    TimeSpan Recovery,
    bool IsDone,
    IReadOnlyList<Finding> Findings,
    string? Folder)
{
    public bool IsGood => IsDone && Findings.Count == 0 && LongestSilence < Plan.LongestSilence;

    /// <summary>One line.</summary>
    public override string ToString()
    {
        var verdict = !IsDone ? "NOT DONE" : Findings.Count > 0 ? "WRONG" : IsGood ? "nothing lost" : "TOO LONG A SILENCE";
        var findings = string.Join(", ", Findings.CountBy(finding => finding.Kind).Select(count => $"{count.Key} {count.Value}"));
        return $"seed {Plan.Seed}: {Plan.JobImages} + {Plan.StreamImages} images, {Kills} kills, {Faults} faults, {Starts} hosts, "
            + $"{Took.TotalSeconds:F0} s, longest silence {LongestSilence.TotalSeconds:F0} s, hidden {Hidden.TotalSeconds:F0} s, "
            + $"recovery {Recovery.TotalSeconds:F0} s: "
            + $"{verdict} {findings} {Folder}".TrimEnd();
    }
}
