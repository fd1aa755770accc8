namespace Nanodet.Detection.Calibration;

/// <summary>The values of an activation that 8 bits should represent.</summary>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The greatest value.</param>
public readonly record struct ActivationRange(float Minimum, float Maximum);
