using Spectre.Console;

namespace Nanodet.Serverless.Cli.GpuChecks;

/// <summary>The answer of <c>nanodet gpu-check</c> for people.</summary>
internal static class GpuCheckPrinter
{
    /// <summary>A table, and how many checks held.</summary>
    public static void Print(IAnsiConsole console, GpuCheckReport answer)
    {
        var table = new Table().AddColumns("model", "check", "found", "expected", "");
        foreach (var line in answer.Lines)
        {
            table.AddRow(
                Markup.Escape(line.Model),
                Markup.Escape(line.Check),
                Markup.Escape(line.Value),
                Markup.Escape(line.Expected ?? ""),
                line.Passed switch { true => "ok", false => "BROKEN", _ => "" });
        }

        console.Write(table);
        console.MarkupLineInterpolated($"{answer.Provider}, {answer.Images} images: {answer.Held} checks held, {answer.Broken} broken");
    }
}
