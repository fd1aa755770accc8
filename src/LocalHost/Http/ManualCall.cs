namespace Nanodet.Serverless.LocalHost.Http;

/// <summary>The body of a call by hand.</summary>
/// <param name="Input">What the trigger would have brought: a message, or a blob's <c>container/name</c>. A timer takes nothing.</param>
internal sealed record ManualCall(string? Input);
