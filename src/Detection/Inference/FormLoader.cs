using Nanodet.Detection.Description;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>
/// Loads the form of a model that fits the provider and the settings. Where a CPU may choose between float32 and int8, both are loaded and
/// measured, and the slower one goes again; float32 stays where int8 gains too little, cannot be loaded here, or fails its fixture here.
/// </summary>
/// <param name="manifest">The forms that are there.</param>
/// <param name="options">How the model is loaded, and in which precision it is wanted.</param>
/// <param name="load">
/// Loads one form with options that no longer name a precision; told why the CPU is asked for in place of a GPU, or null.
/// </param>
/// <param name="time">The clock of the measurement.</param>
/// <param name="isOnGpu">Whether a GPU is going to run it; null to find out.</param>
/// <param name="measure">Measures float32 against 8 bits; null for <see cref="FormContest"/>.</param>
internal sealed class FormLoader(
    FormManifest manifest,
    ModelOptions options,
    Func<ModelForm, ModelOptions, string?, NanodetModel> load,
    TimeProvider time,
    bool? isOnGpu = null,
    Func<NanodetModel, NanodetModel, FormMeasurement>? measure = null)
{
    private readonly ModelOptions _plain = options with { Precision = PrecisionChoice.Auto };

    /// <summary>Loads.</summary>
    /// <param name="cancellationToken">Looked at between the rounds of the measurement.</param>
    /// <returns>The model; <see cref="NanodetModel.Form"/> says which form it is, and why.</returns>
    /// <exception cref="ModelLoadException">It cannot be loaded, or does not have the precision that is wanted.</exception>
    /// <exception cref="EnvironmentException">The machine lacks what it needs.</exception>
    internal NanodetModel Load(CancellationToken cancellationToken)
    {
        if (!(isOnGpu ?? ExpectsGpu()))
        {
            return LoadOnCpu(_plain, fallbackReason: null, cancellationToken);
        }

        var form = FormPlan.Candidates(manifest, isOnGpu: true, options.Precision)[0];
        var model = load(form, _plain, null);
        if (model.Provider.Name != ProviderSelection.Cpu)
        {
            return Say(model, new FormChoice(form, Because($"for {model.Provider.Name}")));
        }

        // The GPU was there and refused: the CPU has forms of its own.
        var reason = model.Provider.FallbackReason;
        model.Dispose();
        return LoadOnCpu(_plain with { Provider = ExecutionProvider.Cpu }, reason, cancellationToken);
    }

    private bool ExpectsGpu() => options.Provider switch
    {
        ExecutionProvider.Cpu => false,
        ExecutionProvider.Auto when !options.RequireGpu => ProviderProbe.FindObstacle(ExecutionProvider.Cuda, out _) is null,
        _ => true,
    };

    private NanodetModel LoadOnCpu(ModelOptions how, string? fallbackReason, CancellationToken cancellationToken)
    {
        var candidates = FormPlan.Candidates(manifest, isOnGpu: false, options.Precision);
        var first = load(candidates[0], how, fallbackReason);
        if (candidates.Count == 1)
        {
            return Say(first, new FormChoice(candidates[0], Because("for the CPU")));
        }

        NanodetModel? second = null;
        try
        {
            second = TryLoad(candidates[1], how, fallbackReason, out var problem);
            if (second is null)
            {
                return Say(first, new FormChoice(candidates[0], $"{FormNames.Of(candidates[1])} cannot serve here: {problem}"));
            }

            var measured = measure is null
                ? FormContest.Measure(first, second, options.ConcurrentRuns, time, cancellationToken)
                : measure(first, second);
            var (served, other, form) = measured.IsWorthIt ? (second, first, candidates[1]) : (first, second, candidates[0]);
            other.Dispose();
            return Say(served, new FormChoice(form, Explain(measured), measured));
        }
        catch
        {
            second?.Dispose();
            first.Dispose();
            throw;
        }
    }

    /// <summary>A form that the machine can do without: what is wrong with it is told, and nobody has to wait for its repair.</summary>
    private NanodetModel? TryLoad(ModelForm form, ModelOptions how, string? fallbackReason, out string? problem)
    {
        NanodetModel? model = null;
        try
        {
            model = load(form, how, fallbackReason);
            problem = ParityFixture.Verify(model).Problem;
            if (problem is null)
            {
                return model;
            }

            if (model.OptimizedPath is { } optimized)
            {
                // It may be the optimised graph that is damaged: the next load makes another one.
                File.Delete(optimized);
            }
        }
        catch (ModelLoadException exception)
        {
            problem = $"{exception.Code}: {exception.Message}";
        }
        catch
        {
            model?.Dispose();
            throw;
        }

        model?.Dispose();
        return null;
    }

    private string Because(string otherwise) =>
        options.Precision == PrecisionChoice.Auto ? otherwise : $"set to {options.Precision.ToString().ToLowerInvariant()}";

    private static string Explain(FormMeasurement measured) => measured.IsWorthIt || measured.Factor < 1
        ? measured.ToString()
        : FormattableString.Invariant($"{measured}, and has to be {FormMeasurement.WorthIt:0.00} times to be worth its accuracy");

    private static NanodetModel Say(NanodetModel model, FormChoice choice)
    {
        model.Form = choice;
        return model;
    }
}
