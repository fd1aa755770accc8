namespace Nanodet.Detection.Forms;

/// <summary>Which form of a model serves, and why.</summary>
/// <param name="Form">The form.</param>
/// <param name="Reason">Why this one: the provider, a setting, or a measurement with its figures.</param>
/// <param name="Measured">The measurement; null where there was nothing to measure.</param>
public sealed record FormChoice(ModelForm Form, string Reason, FormMeasurement? Measured = null);
