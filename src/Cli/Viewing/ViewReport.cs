namespace Nanodet.Serverless.Cli.Viewing;

/// <summary>The answer of <c>nanodet view</c>, printed when the page can be opened.</summary>
/// <param name="Page">The page's address.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Before">What that is compared with; null where it is not.</param>
internal sealed record ViewReport(Uri Page, string Title, string? Before);
