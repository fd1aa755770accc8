namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>A span that a process of the app exported.</summary>
/// <param name="Role">The role of the process.</param>
/// <param name="Name">The span's name.</param>
/// <param name="TraceId">32 hex digits.</param>
/// <param name="SpanId">16 hex digits.</param>
/// <param name="ParentId">16 hex digits; empty for a root.</param>
/// <param name="Links">Trace ids of its links.</param>
internal sealed record ReceivedSpan(string Role, string Name, string TraceId, string SpanId, string ParentId, IReadOnlyList<string> Links);
