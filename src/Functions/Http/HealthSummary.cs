namespace Nanodet.Serverless.Functions.Http;

/// <summary>The answer of <c>GET /api/health</c>, its properties in this order.</summary>
internal sealed record HealthSummary
{
    /// <summary>Always true: it answers.</summary>
    public bool Live { get; } = true;

    /// <summary>Whether the process takes work.</summary>
    public required bool Ready { get; init; }

    /// <summary>Why not: a stable code; null when it does, and before the first try ended.</summary>
    public required string? Code { get; init; }
}
