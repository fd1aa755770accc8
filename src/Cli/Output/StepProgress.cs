using Spectre.Console;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>What work tells whoever watches it.</summary>
/// <param name="task">The bar, or null where nobody watches.</param>
/// <param name="lines">Lines in its place, or null.</param>
internal sealed class StepProgress(ProgressTask? task, ProgressLines? lines = null)
{
    /// <summary>Says how far the work is.</summary>
    /// <param name="description">What to read beside the bar.</param>
    /// <param name="done">Steps that are done.</param>
    /// <param name="of">Steps that there are.</param>
    public void Report(string description, double done, double of)
    {
        lines?.Say(description);
        if (task is not null)
        {
            task.Description = Markup.Escape(description);
            task.MaxValue = of;
            task.Value = done;
        }
    }
}
