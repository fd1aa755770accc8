using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>
/// Where a command's answer goes: one JSON document on standard output, or text for people. Progress and errors go to standard
/// error, so that standard output can be piped.
/// </summary>
internal sealed class Report(bool json)
{
    private readonly IAnsiConsole _progress = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Standard output for people.</summary>
    public IAnsiConsole Text { get; } = Wide(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }));

    /// <summary>Writes the answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="type">How it becomes JSON.</param>
    /// <param name="write">How it becomes text.</param>
    public void Write<T>(T answer, JsonTypeInfo<T> type, Action<IAnsiConsole, T> write)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(answer, type));
        }
        else
        {
            write(Text, answer);
        }
    }

    /// <summary>Runs work of several steps under a progress bar, where someone is there to watch it.</summary>
    /// <param name="title">What the work is.</param>
    /// <param name="steps">How many steps it has.</param>
    /// <param name="work">The work; it calls its argument after each step.</param>
    public async Task ProgressAsync(string title, int steps, Func<Action, Task> work)
    {
        if (json || Console.IsErrorRedirected || steps < 2)
        {
            await work(() => { });
            return;
        }

        await AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(title), maxValue: steps);
                await work(() => task.Increment(1));
            });
    }

    /// <summary>A note for the user.</summary>
    public void Note(string note) => _progress.MarkupLineInterpolated($"[yellow]note:[/] {note}");

    private static IAnsiConsole Wide(IAnsiConsole console)
    {
        // Redirected output has no width of its own; 80 columns would cut what a script wants to read.
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = 200;
        }

        return console;
    }
}
