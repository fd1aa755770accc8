using System.Globalization;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>
/// Says on standard error what a command is doing while it is waited for. On a terminal the step is live, with its time when it is over;
/// elsewhere a step is one line when it begins, and one more with its time where that was longer than a second.
/// </summary>
internal sealed class StepLines
{
    private static readonly TimeSpan Notable = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly TextWriter _plain;
    private readonly (StatusContext Status, IAnsiConsole Console)? _live;
    private string? _step;
    private long _began;

    private StepLines(TimeProvider clock, TextWriter plain, (StatusContext Status, IAnsiConsole Console)? live)
    {
        _clock = clock;
        _plain = plain;
        _live = live;
    }

    /// <summary>Steps as plain lines.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="writer">Where they go.</param>
    public static StepLines Plain(TimeProvider clock, TextWriter writer) => new(clock, writer, live: null);

    /// <summary>Runs work that has steps.</summary>
    /// <param name="live">Whether somebody looks at a terminal where nothing else is written meanwhile.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="work">The work.</param>
    public static async Task<T> RunAsync<T>(bool live, TimeProvider clock, Func<StepLines, Task<T>> work)
    {
        if (!live)
        {
            return await RunAsync(Plain(clock, Console.Error), work);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Status().StartAsync("…", status => RunAsync(new StepLines(clock, Console.Error, (status, console)), work));
    }

    /// <summary>Begins a step; the one before is over.</summary>
    /// <param name="step">What is done, as in "starting storage".</param>
    public void Begin(string step)
    {
        End();
        (_step, _began) = (step, _clock.GetTimestamp());
        if (_live is { } live)
        {
            live.Status.Status($"{Markup.Escape(step)}…");
        }
        else
        {
            _plain.WriteLine($"{step}…");
        }
    }

    /// <summary>Says something about the step.</summary>
    /// <param name="text">One line.</param>
    public void Note(string text)
    {
        if (_live is { } live)
        {
            live.Console.WriteLine(text);
        }
        else
        {
            _plain.WriteLine(text);
        }
    }

    /// <summary>Ends the last step.</summary>
    public void End()
    {
        if (_step is not { } step)
        {
            return;
        }

        _step = null;
        var took = _clock.GetElapsedTime(_began);
        var time = took > Notable ? string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s") : null;
        if (_live is { } live)
        {
            live.Console.WriteLine(time is null ? step : $"{step}: {time}");
        }
        else if (time is not null)
        {
            _plain.WriteLine($"{step} took {time}");
        }
    }

    private static async Task<T> RunAsync<T>(StepLines steps, Func<StepLines, Task<T>> work)
    {
        var answer = await work(steps);
        steps.End();
        return answer;
    }
}
