using System.ComponentModel.DataAnnotations;

namespace Nanodet.Serverless.Pipeline.Telemetry;

/// <summary>Where this app's log is kept. Section <c>Nanodet:Log</c>. It changes no log: messages that point to it say this.</summary>
public sealed record LogOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Nanodet:Log";

    /// <summary>The place, in words that a message can have in brackets: a path, an address.</summary>
    /// <value>
    /// Any text but an empty one; default: Application Insights of the function app, or its log stream. <c>nanodet up</c> sets the path of
    /// its file.
    /// </value>
    [Required]
    public string Location { get; init; } = "Application Insights of the function app, or its log stream";
}
