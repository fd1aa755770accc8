namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>A queue that is not empty.</summary>
/// <param name="Messages">How many messages it holds, those that are hidden too.</param>
/// <param name="Visible">How many of the first 32 are visible.</param>
internal sealed record StoredQueue(int Messages, int Visible);
