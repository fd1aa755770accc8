namespace Nanodet.Serverless.Pipeline.JobEnds;

/// <summary>An event that could not be delivered, kept for people: <c>staging/dead-letters/job-ends/ID-CHANNEL.json</c>.</summary>
/// <param name="Channel"><c>webhook</c> or <c>topic</c>.</param>
/// <param name="Address">Where it could not be delivered.</param>
/// <param name="Problem">Why.</param>
/// <param name="ReceivedUtc">When it was given up, in UTC.</param>
/// <param name="Message">The event.</param>
internal sealed record JobEndLetter(string Channel, string Address, string Problem, DateTimeOffset ReceivedUtc, JobEndEvent Message)
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = 1;
}
